(* What the compiler says: warnings as they arise, and the error that ends it. *)

let buffer = Buffer.create 4096
let ppf = ref (Format.formatter_of_buffer buffer)

(* What was told until now. *)
let length () =
  Format.pp_print_flush !ppf ();
  Buffer.length buffer

let since start = Buffer.sub buffer start (length () - start)

(* Goes on as if no more than that had been told. *)
let back_to start =
  ignore (length ());
  Buffer.truncate buffer start

let add text =
  ignore (length ());
  Buffer.add_string buffer text

(* The value, unless an error ends it, and all that is told. *)
let reported body =
  Buffer.clear buffer;
  ppf := Format.formatter_of_buffer buffer;
  Compat.mark_code !ppf;
  Location.formatter_for_warnings := !ppf;
  let value =
    match body () with
    | value -> Some value
    (* What the machine cannot do is no fault of the text's, though the compiler would tell it as one. *)
    | exception ((Out_of_memory | Stack_overflow | Sys_error _) as exn) -> raise exn
    | exception exn ->
      Location.report_exception !ppf exn;
      Clean.undo ();
      None
  in
  (value, Clean.renumbered (since 0))

let printed print env value =
  let buffer = Buffer.create 1024 in
  let ppf = Format.formatter_of_buffer buffer in
  Printtyp.wrap_printing_env ~error:false env (fun () -> print ppf value);
  Format.pp_print_flush ppf ();
  Clean.renumbered (Buffer.contents buffer)

(* A type by the path that it has, not by the shortest one in scope, which may be that of another type elsewhere: two
   signatures that read the same are the same. It is also the quicker way. *)
let printed_exactly print env value =
  let real = !Clflags.real_paths in
  Clflags.real_paths := true;
  Fun.protect ~finally:(fun () -> Clflags.real_paths := real) (fun () -> printed print env value)

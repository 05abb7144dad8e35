(* [against]: what ocamlc says about modules where the interfaces of others are not those that were built.

   It is asked of a program without flags: they come with the request. Each is typed with all interfaces forgotten, so that what it reads is told: where none of that changes, neither does
   what it is told. For a module that others see, its interface is made and held against the one that was built. *)

let read_text path =
  let channel = open_in_bin path in
  Fun.protect ~finally:(fun () -> close_in channel) (fun () -> really_input_string channel (in_channel_length channel))

let shown_by cmi =
  let alerts = List.find_map (function Cmi_format.Alerts alerts -> Some alerts | _ -> None) cmi.Cmi_format.cmi_flags in
  Showing.shown (State.env ()) cmi.cmi_sign (Option.value alerts ~default:Misc.Stdlib.String.Map.empty)

(* What others see of it, in words, and the file of its interface; nothing where that is as it was built. *)
let difference (u : Checking.unit_of_code) (shown : Checking.shown) =
  let prefix = Filename.concat u.work (Filename.concat "made" (Filename.basename u.prefix)) in
  Checking.save_interface u prefix (shown.alerts ()) shown.signature;
  let made = prefix ^ ".cmi" in
  let after = shown_by (Cmi_format.read_cmi made) in
  match shown_by (Cmi_format.read_cmi (Compat.find_cmi u.modname)) with
  | before when before = after -> ("", "")
  | _ -> (after, read_text made)
  | exception Not_found -> (after, read_text made)

let one (u : Checking.unit_of_code) given text ~provides =
  (* Its own interface is none of those that are to take the place of what was built. *)
  let others = !State.loose in
  State.loose := u.modname :: others;
  Unix.chdir !State.here;
  State.forget_interfaces ();
  Clean.run (fun () ->
      let depends = ref [] in
      let finish shown = if provides then difference u shown else ("", "") in
      let found, report = Checking.typed u given text depends finish in
      let signature, file = Option.value found ~default:("", "") in
      let green = if found = None then "red" else "green" in
      State.loose := others;
      (* The folder with the interface that was made of a given text is to be found by no other. *)
      if given <> Checking.Built then State.refresh ();
      [ green; report; String.concat " " !depends; String.concat " " !State.loads; signature; file ])

(* Takes flags, which a process without any can do once, and has these files stand for the interfaces of the modules. *)
let prepare folder here flags interfaces =
  State.configure here flags;
  State.refresh ();
  State.is_again := true;
  Reading.make_folder folder;
  List.iteri
    (fun n (name, file) ->
      let path = Filename.concat folder (string_of_int n ^ ".cmi") in
      Reading.write_file path file;
      Hashtbl.replace State.instead name (Cmi_format.read_cmi path);
      State.loose := name :: !State.loose)
    interfaces

(* --- what was read for what was built --- *)

(* Of a file of bytecode, or of an interface: the modules whose interfaces were read, or were of use to one that was. *)
let imports path =
  let channel = open_in_bin path in
  Fun.protect
    ~finally:(fun () -> close_in channel)
    (fun () ->
      let is_interface = Filename.check_suffix path ".cmi" in
      let magic = if is_interface then Config.cmi_magic_number else Config.cmo_magic_number in
      if really_input_string channel (String.length magic) <> magic then failwith (path ^ " is of another compiler");
      let known =
        if is_interface then begin
          (* The signature, which is long, comes first. *)
          let start = pos_in channel in
          let header = really_input_string channel Marshal.header_size in
          seek_in channel (start + Marshal.total_size (Bytes.unsafe_of_string header) 0);
          (input_value channel : (string * Digest.t option) list)
        end
        else begin
          let start = input_binary_int channel in
          seek_in channel start;
          let unit : Cmo_format.compilation_unit = input_value channel in
          unit.Cmo_format.cu_imports
        end
      in
      String.concat " " (List.filter_map (fun (name, digest) -> Option.map (fun _ -> name) digest) known))

"""The pieces that inputs are made of: one a line, with Python's escapes."""


def _pieces(lines: str) -> tuple[str, ...]:
    return tuple(line.encode().decode("unicode_escape") for line in lines.strip().split("\n"))


LINES = _pieces(r"""
\n
\r\n
\r
\n\n
\x20
\t
```\n
```diff\n
```ocaml\n
~~~~\n
````\n
...\n
(* ... *)\n
let f x =\n
\x20 let y = x + 1 in\n
\x20 y\n
let g x = f (f x)\n
(* b *)\n
\x20let f x =\n
-  y\n
+  z\n
lib/a.ml
lib/a.ml\n
lib/new.ml\n
dune\n
`lib/b.ml`\n
**lib/a.ml**:\n
### File: lib/a.ml\n
../outside/secret.ml\n
out/secret.ml\n
lib/link.ml\n
.git/config\n
git/config\n
lib/../.git/config\n
/etc/passwd\n
_build/log\n
.GIT/config\n
lib//a.ml\n
./lib/a.ml\n
loop/x.ml\n
a\\b.ml\n
C:\\a.ml\n
\x00
\ufeff
\u2028
\x0c
\xe9
\U0001f600
\ud800
\u202e
xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
<think>\n
</think>\n
\\ No newline\n
""")

PATCH = _pieces(r"""
*** Begin Patch\n
*** End Patch\n
*** Update File:\x20
*** Add File:\x20
*** Delete File:\x20
@@\n
@@ let g\n
*** End of File\n
*** Move to:\x20
+new\n
-(* b *)\n
\x20(* b *)\n
""")

DIFF = _pieces(r"""
--- a/
+++ b/
---\x20
+++\x20
--- /dev/null\n
+++ /dev/null\n
@@ -1,2 +1,2 @@\n
@@ @@\n
@@ -1 +1 @@ f\n
diff --git a/lib/a.ml b/lib/a.ml\n
rename from lib/a.ml\n
rename to lib/b.ml\n
copy from lib/a.ml\n
copy to lib/c.ml\n
old mode 100644\n
new mode 100755\n
deleted file mode 100644\n
new file mode 100644\n
index 123..456\n
GIT binary patch\n
--- "a/lib/\\141.ml"\n
@@ -99999999999999999999 +1 @@\n
-let f x =\n
""")

BLOCK = _pieces(r"""
<<<<<<< SEARCH\n
=======\n
>>>>>>> REPLACE\n
<<<<< SEARCH\n
>>>>>>>>> REPLACE \n
======= \n
""")

COMPILER = _pieces(r"""
File "lib/a.ml", line 2, characters 2-5:\n
File "lib/b.ml", lines 1-3, characters 0-99:\n
File "dune", line 1:\n
File "", line -1, characters -5--3:\n
File "lib/a.ml", line 999999999, characters 5-1:\n
2 |   let y\n
\x20     ^^^\n
Error: Unbound value z\n
Error (warning 26 [unused-var]): unused variable y.\n
Hint: Did you mean y?\n
\x1b[1;31m
Error: This expression has type int but an expression was expected of type string\n
\x20      string\n
Alert x: y\n
Warning 8 [partial-match]: this pattern-matching is not exhaustive.\nHere is an example:\n(Some _|None)\n
...\n
Error: Signature mismatch:\n
The value `x' is required but not provided\n
is not included in\n
type t = A of (\n
Error: The implementation lib/a.ml does not match the interface lib/a.mli:\n
Error: Library "x" not found.\n
Error: The function applied to this argument has type\n  x:int -> int\nThis argument cannot be applied with label ~y\n
( | ) | [ _;\x20
"
`
'
->
Did you mean a, b or c?\n
-> required by _build/default/x\n
\n\n
\x20
\xe9
\x00
""")

DUNE = _pieces(r"""
(
)
(library\n (name a)\n (libraries unix str))\n
(libraries
\x20unix
; comment\n
#| block |#
#;
\n
"
"a\\n\\x41\\065\\u{1F600}"
"\\|
\\>\x20
"\\\n  x"
%{dep:x}
:standard
(name x)
(include d)
#|
|#
\xe9
\t
\r\n
\r
\x00
\ufeff
(rule (action (progn
(executable (names a b))
((((
))))
""")

LSP = _pieces(r"""
\x00{"jsonrpc":"2.0","id":1,"method":"shutdown"}
\x00{"jsonrpc":"2.0","method":"initialized","params":{}}\x00
\x00{"jsonrpc":"2.0","id":"x","method":"textDocument/codeAction","params":
{"jsonrpc":"2.0","id":1,"result":null}
\x00{"jsonrpc":"2.0","method":"textDocument/didChange","params":
{"textDocument":{"uri":"file:///p/a.ml","version":2}
\x00{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":
{"uri":"file:///p/a.ml","languageId":"ocaml","version":1,"text":"let x = 1\\n"}}}\x00
\x00{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///p/a.ml",
,"contentChanges":[{"range":{"start":{"line":0,"character":9},"end":{"line":-1,"character":1e9}},"text":"\\ud83d"}]}
"range":{"start":{"line":0,"character":0},"end":{"line":0,"character":0}}
,"context":{"diagnostics":[]}
}
}}
{
\x00{"jsonrpc":"2.0","id":2,"method":"workspace/executeCommand","params":
{"command":"lsp-aid.proposal","arguments":[{}]}}
\x00{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}
[
]
null
1e999
"
\\ud800
[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
Content-Length: 5\r\n\r\n
Content-Length: -1\r\n\r\n
content-length:99999999999\r\n\r\n
\r\n
\x00
\xe9
true
,
""")

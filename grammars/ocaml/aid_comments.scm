; Comments that ask for something: (* AID: what should happen *)
((comment) @aid
  (#match? @aid "^\\(\\*+\\s*AID:"))

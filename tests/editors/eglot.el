;;; Takes "Explain this error", then "Fix build error" in a red project, as a user of eglot does, and saves. Run by test_editors.py.  -*- lexical-binding: t -*-
(load (expand-file-name "common.el" (file-name-directory load-file-name)))
(require 'eglot)

(setq eglot-sync-connect 30
      eglot-connect-timeout 30
      eglot-autoshutdown t
      eglot-confirm-server-initiated-edits nil ; up to eglot 1.15
      eglot-confirm-server-edits nil)          ; from 1.16
(add-hook 'project-find-functions (lambda (_folder) (cons 'transient aid-root)))
(load (getenv "AID_CONFIG"))

(aid-drive (lambda () (apply #'eglot (eglot--guess-contact)))
           (lambda () (flymake-start) (flymake-diagnostics))
           (lambda () (goto-char (flymake-diagnostic-beg (car (flymake-diagnostics)))))
           #'eglot-code-actions)
(with-current-buffer (find-buffer-visiting aid-file)
  (eglot-shutdown (eglot-current-server) nil 10))

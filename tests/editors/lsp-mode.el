;;; Takes "Explain this error", then "Fix build error" in a red project, as a user of lsp-mode does, and saves. Run by test_editors.py.  -*- lexical-binding: t -*-
(load (expand-file-name "common.el" (file-name-directory load-file-name)))
(require 'lsp-mode)

(setq lsp-session-file (expand-file-name "session" (getenv "HOME"))
      lsp-server-install-dir (getenv "HOME")
      lsp-auto-guess-root t
      lsp-enable-file-watchers nil
      lsp-enable-snippet nil
      lsp-restart 'ignore
      lsp-diagnostics-provider :flymake
      lsp-auto-execute-action nil
      lsp-modeline-code-actions-enable nil)
(load (getenv "AID_CONFIG"))
(lsp-workspace-folders-add aid-root)

(defun aid-diagnostics ()
  "All of the workspace, as a list."
  (apply #'append (hash-table-values (lsp-diagnostics))))

(aid-drive #'lsp
           #'aid-diagnostics
           (lambda ()
             (let* ((mine (gethash (lsp--fix-path-casing aid-file) (lsp-diagnostics)))
                    (start (lsp:range-start (lsp:diagnostic-range (car mine)))))
               (goto-char (lsp--position-to-point start))))
           #'lsp-execute-code-action)
(with-current-buffer (find-buffer-visiting aid-file)
  (lsp-workspace-shutdown (car (lsp-workspaces))))

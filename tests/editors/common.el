;;; What eglot.el and lsp-mode.el share: a mode for OCaml, prompts, waiting, and the steps themselves.  -*- lexical-binding: t -*-
(require 'cl-lib)
(setq load-prefer-newer t
      create-lockfiles nil
      make-backup-files nil
      debug-on-error nil
      package-directory-list '("/usr/share/emacs/site-lisp/elpa"))
(package-initialize)

(defvar aid-root (file-name-as-directory (getenv "AID_ROOT")))
(defvar aid-file (expand-file-name (getenv "AID_FILE") aid-root))

;; What users have from the package tuareg.
(define-derived-mode tuareg-mode prog-mode "Tuareg")
(add-to-list 'auto-mode-alist '("\\.mli?\\'" . tuareg-mode))

(defun aid-say (format &rest arguments)
  (message "%s" (replace-regexp-in-string "\n" "|" (apply #'format format arguments))))

(defun aid-await (what condition)
  "Wait until the function CONDITION answers something, and return it."
  (let ((end (+ (float-time) 90)) answer)
    (while (and (not (setq answer (funcall condition))) (< (float-time) end))
      (accept-process-output nil 0.05))
    (unless answer
      (aid-say "FAIL waiting for %s" what)
      (kill-emacs 1))
    answer))

(advice-add 'yes-or-no-p :override (lambda (prompt) (aid-say "ASKED %s" prompt) t))
(advice-add 'y-or-n-p :override (lambda (prompt &rest _) (aid-say "ASKED %s" prompt) t))

(defun aid-take (command wanted)
  "Call the interactive COMMAND that offers code actions, and choose the WANTED one."
  (let ((last-nonmenu-event 13))
    (cl-letf (((symbol-function 'completing-read)
               (lambda (_prompt collection &rest _)
                 (let ((titles (all-completions "" collection)))
                   (aid-say "OFFERED %S" titles)
                   (or (cl-find-if (lambda (title) (string-match-p wanted title)) titles)
                       (progn (aid-say "FAIL no %s among %S" wanted titles) (kill-emacs 1)))))))
      (call-interactively command))))

(defun aid-explained ()
  "Whether the explanation is shown: among the messages, or as a document."
  (cl-some (lambda (buffer)
             (with-current-buffer buffer
               (save-excursion
                 (goto-char (point-min))
                 (search-forward "that is visible here" nil t))))
           (cons (messages-buffer)
                 (cl-remove-if-not (lambda (buffer) (string-match-p "explanation-" (buffer-name buffer))) (buffer-list)))))

(defun aid-restart (diagnostics)
  "Replace the daemon under the editor, which goes on as if nothing had been: there are DIAGNOSTICS of what is typed next."
  (unless (eq 0 (call-process "lsp-aid" nil nil nil "restart"))
    (aid-say "FAIL to restart")
    (kill-emacs 1))
  (goto-char (point-max))
  (let ((end (point)))
    (insert "\nlet typed_after_the_restart : int = \"\"\n")
    (save-buffer)
    (aid-await "diagnostics after the restart" diagnostics)
    (delete-region end (point-max))
    (save-buffer)
    (aid-await "no diagnostics after the restart" (lambda () (not (funcall diagnostics)))))
  (aid-say "RESTARTED"))

(defun aid-drive (start diagnostics go-to-error actions)
  "START the client in the file's buffer; once there are DIAGNOSTICS, GO-TO-ERROR and take what is to be had of ACTIONS.
First the explanation, then the fix; then the daemon is replaced."
  (with-current-buffer (find-file-noselect aid-file)
    (switch-to-buffer (current-buffer))
    (funcall start)
    (aid-await "diagnostics" diagnostics)
    (funcall go-to-error)
    (save-window-excursion
      (aid-take actions "Explain this error")
      (aid-await "the explanation" #'aid-explained))
    (aid-say "EXPLAINED")
    (set-buffer (find-buffer-visiting aid-file))
    (let ((before (buffer-string)))
      (aid-take actions "Fix build error")
      (aid-await "the edit" (lambda () (not (equal before (buffer-string))))))
    (accept-process-output nil 0.5)
    (save-some-buffers t)
    (aid-await "no diagnostics" (lambda () (not (funcall diagnostics))))
    (aid-say "TOOK the fix")
    (aid-restart diagnostics)))

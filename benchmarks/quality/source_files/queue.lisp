(defpackage :queue
  (:use :cl)
  (:export #:make-queue #:enqueue #:dequeue #:empty-p))

(in-package :queue)

(defstruct (queue (:constructor make-queue ()))
  (head nil :type list)
  (tail nil :type list))

(defun empty-p (queue)
  (and (null (queue-head queue))
       (null (queue-tail queue))))

(defun enqueue (item queue)
  (push item (queue-tail queue))
  queue)

(defun dequeue (queue)
  (when (null (queue-head queue))
    (setf (queue-head queue) (nreverse (queue-tail queue))
          (queue-tail queue) nil))
  (pop (queue-head queue)))

(let ((q (make-queue)))
  (dotimes (i 3)
    (enqueue i q))
  (loop until (empty-p q)
        do (format t "~a~%" (dequeue q))))

;; 汉诺塔：把 n 个盘子从一根柱子移到另一根
(define (move n from to via)
  (if (= n 0)
      0
      (let* ((before (move (- n 1) from via to))
             (after (move (- n 1) via to from)))
        (display from)
        (display " -> ")
        (display to)
        (newline)
        (+ before after 1))))

;; 所需的步数是 2 的 n 次方减 1
(define (steps n)
  (- (expt 2 n) 1))

(define (check n)
  (let ((moved (move n 'a 'c 'b)))
    (if (= moved (steps n))
        (display "正确")
        (display "错误"))
    (newline)))

(for-each check '(1 2 3 4))

program heat
  implicit none
  integer, parameter :: n = 101, steps = 500
  real(8), parameter :: alpha = 0.1d0
  real(8) :: u(n), next(n)
  integer :: i, t

  u = 0.0d0
  u(n / 2) = 100.0d0

  do t = 1, steps
    do i = 2, n - 1
      next(i) = u(i) + alpha * (u(i + 1) - 2.0d0 * u(i) + u(i - 1))
    end do
    next(1) = next(2)
    next(n) = next(n - 1)
    u = next
  end do

  open(unit=10, file='heat.dat', status='replace')
  do i = 1, n
    write(10, '(i5, f12.6)') i, u(i)
  end do
  close(10)
end program heat

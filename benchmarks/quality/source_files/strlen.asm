; length of a string, and a number written to the screen
section .data
message:    db "hello, world", 10, 0

section .text
global _start

strlen:
    xor     rax, rax
.next:
    cmp     byte [rdi + rax], 0
    je      .done
    inc     rax
    jmp     .next
.done:
    ret

_start:
    mov     rdi, message
    call    strlen
    mov     rdx, rax
    mov     rsi, message
    mov     rdi, 1
    mov     rax, 1
    syscall
    mov     rax, 60
    xor     rdi, rdi
    syscall

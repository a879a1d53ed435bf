set nocompatible
set encoding=utf-8
set number relativenumber
set expandtab shiftwidth=4 softtabstop=4
set ignorecase smartcase incsearch
set undofile undodir=~/.vim/undo
syntax on
filetype plugin indent on

let mapleader = " "
nnoremap <leader>w :write<CR>
nnoremap <leader>b :ls<CR>:buffer<Space>
nnoremap <silent> <Esc><Esc> :nohlsearch<CR>

augroup own
  autocmd!
  autocmd FileType go setlocal noexpandtab tabstop=4
  autocmd FileType yaml setlocal shiftwidth=2
  autocmd BufWritePre * call s:strip()
augroup END

function! s:strip() abort
  let l:view = winsaveview()
  keeppatterns %s/\s\+$//e
  call winrestview(l:view)
endfunction

%{
#include <stdio.h>
#include <stdlib.h>
int yylex(void);
void yyerror(const char *message);
%}

%union { double number; }
%token <number> NUMBER
%type <number> expr
%left '+' '-'
%left '*' '/'

%%
input:
    | input line
    ;
line:
      '\n'
    | expr '\n'         { printf("%g\n", $1); }
    ;
expr:
      NUMBER            { $$ = $1; }
    | expr '+' expr     { $$ = $1 + $3; }
    | expr '-' expr     { $$ = $1 - $3; }
    | expr '*' expr     { $$ = $1 * $3; }
    | expr '/' expr     { $$ = $1 / $3; }
    | '(' expr ')'      { $$ = $2; }
    ;
%%

void yyerror(const char *message) { fprintf(stderr, "%s\n", message); }

:- module(family, [ancestor/2, sibling/2, cousin/2]).

parent(anna, bert).
parent(anna, clara).
parent(bert, dora).
parent(bert, emil).
parent(clara, fritz).

ancestor(X, Y) :-
    parent(X, Y).
ancestor(X, Y) :-
    parent(X, Z),
    ancestor(Z, Y).

sibling(X, Y) :-
    parent(P, X),
    parent(P, Y),
    X \= Y.

cousin(X, Y) :-
    parent(A, X),
    parent(B, Y),
    sibling(A, B).

?- findall(X, ancestor(anna, X), List), length(List, N).

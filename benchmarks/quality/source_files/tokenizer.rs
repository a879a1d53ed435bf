use std::iter::Peekable;
use std::str::Chars;

#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Number(f64),
    Name(String),
    Symbol(char),
}

pub struct Tokenizer<'a> {
    chars: Peekable<Chars<'a>>,
}

impl<'a> Tokenizer<'a> {
    pub fn new(source: &'a str) -> Self {
        Tokenizer { chars: source.chars().peekable() }
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(&c) = self.chars.peek() {
            if !accept(c) {
                break;
            }
            taken.push(c);
            self.chars.next();
        }
        taken
    }
}

impl<'a> Iterator for Tokenizer<'a> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.take_while(char::is_whitespace);
        match self.chars.peek()? {
            c if c.is_ascii_digit() => self.take_while(|c| c.is_ascii_digit() || c == '.').parse().ok().map(Token::Number),
            c if c.is_alphabetic() => Some(Token::Name(self.take_while(char::is_alphanumeric))),
            _ => self.chars.next().map(Token::Symbol),
        }
    }
}

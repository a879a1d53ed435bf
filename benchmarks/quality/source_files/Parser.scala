package expr

import scala.util.matching.Regex

sealed trait Expr
case class Num(value: Double) extends Expr
case class Add(left: Expr, right: Expr) extends Expr
case class Mul(left: Expr, right: Expr) extends Expr

object Parser {
  private val token: Regex = """\d+(\.\d+)?|[-+*/()]""".r

  def evaluate(expr: Expr): Double = expr match {
    case Num(value)       => value
    case Add(left, right) => evaluate(left) + evaluate(right)
    case Mul(left, right) => evaluate(left) * evaluate(right)
  }

  def parse(text: String): Either[String, Expr] = {
    val tokens = token.findAllIn(text).toList
    term(tokens) match {
      case Some((expr, Nil)) => Right(expr)
      case Some((_, rest))   => Left(s"unexpected ${rest.head}")
      case None              => Left("nothing to parse")
    }
  }

  private def term(tokens: List[String]): Option[(Expr, List[String])] = tokens match {
    case head :: "*" :: rest => term(rest).map { case (right, left) => (Mul(Num(head.toDouble), right), left) }
    case head :: rest        => Some((Num(head.toDouble), rest))
    case Nil                 => None
  }
}

Imports System.Collections.Generic
Imports System.Linq

Public Class Invoice
    Private ReadOnly _lines As New List(Of Line)

    Public Property Number As String
    Public Property Customer As String

    Public Sub Add(text As String, amount As Decimal, Optional count As Integer = 1)
        If count < 1 Then
            Throw New ArgumentException("count")
        End If
        _lines.Add(New Line With {.Text = text, .Amount = amount, .Count = count})
    End Sub

    Public ReadOnly Property Total As Decimal
        Get
            Return _lines.Sum(Function(l) l.Amount * l.Count)
        End Get
    End Property

    Private Class Line
        Public Property Text As String
        Public Property Amount As Decimal
        Public Property Count As Integer
    End Class
End Class

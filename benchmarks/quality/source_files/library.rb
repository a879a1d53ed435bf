require "date"
require "json"

class Loan
  attr_reader :book, :reader, :due

  def initialize(book, reader, days: 28)
    @book = book
    @reader = reader
    @due = Date.today + days
  end

  def overdue?(today = Date.today)
    today > due
  end
end

module Desk
  LIMIT = 5

  def self.lend(loans, book, reader)
    raise ArgumentError, "#{book} is out" if loans.any? { |loan| loan.book == book }
    raise ArgumentError, "too many" if loans.count { |loan| loan.reader == reader } >= LIMIT

    loans << Loan.new(book, reader)
  end

  def self.report(loans)
    loans.select(&:overdue?).sort_by(&:due).each do |loan|
      puts JSON.generate(book: loan.book, reader: loan.reader, due: loan.due.to_s)
    end
  end
end

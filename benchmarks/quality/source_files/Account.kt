package bank

import java.math.BigDecimal

sealed interface Entry {
    val amount: BigDecimal

    data class Deposit(override val amount: BigDecimal) : Entry
    data class Withdrawal(override val amount: BigDecimal, val reason: String?) : Entry
}

class Account(private val owner: String) {
    private val entries = mutableListOf<Entry>()

    val balance: BigDecimal
        get() = entries.fold(BigDecimal.ZERO) { sum, entry ->
            when (entry) {
                is Entry.Deposit -> sum + entry.amount
                is Entry.Withdrawal -> sum - entry.amount
            }
        }

    fun deposit(amount: BigDecimal) {
        require(amount > BigDecimal.ZERO) { "amount must be positive" }
        entries += Entry.Deposit(amount)
    }

    fun withdraw(amount: BigDecimal, reason: String? = null) {
        check(balance >= amount) { "$owner has only $balance" }
        entries += Entry.Withdrawal(amount, reason)
    }
}

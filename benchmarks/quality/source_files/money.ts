import { readFileSync } from "node:fs";

export enum Currency {
  CNY = "CNY",
  EUR = "EUR",
  USD = "USD",
}

export interface Money {
  readonly amount: number;
  readonly currency: Currency;
}

const rates: Record<Currency, number> = JSON.parse(readFileSync("rates.json", "utf8"));

export function convert(money: Money, to: Currency): Money {
  const amount = (money.amount / rates[money.currency]) * rates[to];
  return { amount: Math.round(amount * 100) / 100, currency: to };
}

export function total(list: readonly Money[], currency: Currency): Money {
  return list
    .map((money) => convert(money, currency))
    .reduce((sum, money) => ({ ...sum, amount: sum.amount + money.amount }), {
      amount: 0,
      currency,
    });
}

import { convert, type Money } from "./money";

export const handler = async (event: { amount: number }): Promise<Money> => convert(event.amount, "EUR");

export interface Money { amount: number; currency: string }

export const convert = (amount: number, currency: string): Money => ({ amount: Math.round(amount * 92) / 100, currency });

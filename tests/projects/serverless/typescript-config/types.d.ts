export interface Service { service: string; provider: object; functions: Record<string, { handler: string }> }

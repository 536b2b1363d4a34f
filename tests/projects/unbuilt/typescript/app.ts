export const handler = async (): Promise<string> => 'hey';

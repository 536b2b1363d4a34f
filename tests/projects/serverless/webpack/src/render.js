import template from "./mail.txt";

export const handler = async ({ name }) => template.replace("NAME", name);

/** When the last day of something is over everywhere on earth: at noon of the next one in London. Nothing ends early. */
export const endOf = (day: string): Date => new Date(Date.parse(`${day}T12:00:00Z`) + 86_400_000);

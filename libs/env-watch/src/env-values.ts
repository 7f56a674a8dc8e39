/** Keys and values of one dotenv file, or of several merged in order. */
export type EnvValues = Readonly<Record<string, string>>;

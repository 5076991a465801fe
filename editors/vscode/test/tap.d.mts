export interface Reporter {
  report(ok: boolean, name: string, detail?: unknown): boolean;
  expect<T>(name: string, look: () => T | Promise<T>): Promise<T | undefined>;
  done(): number;
}
export function reporter(write: (line: string) => void, patience: number): Reporter;
export function must<T>(value: T, otherwise: unknown): NonNullable<T>;

// Exceptions are bugs: nothing throws on the data path on purpose. One that does is told and contained to its connection.

type Report = (error: unknown) => void

let report: Report = (error) =>
  process.stderr.write(`bug: ${error instanceof Error ? error.stack : String(error)}\n`)

/** Says where bugs are told; standard error until then. */
export function tellBugsTo(next: Report): void {
  report = next
}

/** Tells of an exception that nobody expected. */
export function tellBug(error: unknown): void {
  report(error)
}

/** Runs something that has nobody above it to catch what it throws: a timer's work. */
export function guarded(run: () => void): void {
  try {
    run()
  } catch (error) {
    tellBug(error)
  }
}

/** What is kept cannot be opened or used: why, and what a person can do. */
export class StoreProblem extends Error {
  override readonly name = 'StoreProblem'
  readonly hint: string

  constructor(why: string, hint: string) {
    super(why)
    this.hint = hint
  }
}

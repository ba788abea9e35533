// What the supervisor and each of its children say to each other, beside what a kind of child adds.

export type SaidByChild =
  | { readonly type: 'hello'; readonly pid: number }
  | { readonly type: 'ready'; readonly number: number }
  | { readonly type: 'failed'; readonly number: number; readonly why: string }
  | { readonly type: 'serving'; readonly number: number }
  /** With how much cut off; then it ends. */
  | { readonly type: 'drained'; readonly aborted: number }
  /** One that it has logged, and that those who watch the gateway are told of. */
  | {
      readonly type: 'event'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly event: string
      readonly fields: Readonly<Record<string, unknown>>
    }

/** Beside its plans. */
export type ToldToChild =
  | { readonly type: 'commit'; readonly number: number }
  | { readonly type: 'drop'; readonly number: number }
  /** `othersServe`: who comes now finds others on the same addresses. */
  | { readonly type: 'drain'; readonly withinMs: number; readonly othersServe?: boolean }

/** To a question with the same `id`. */
export interface ChildAnswer {
  readonly type: 'answer'
  readonly id: number
  readonly answer: unknown
}

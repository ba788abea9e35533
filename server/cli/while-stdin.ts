// A gateway that another program runs for itself, as the demo does, ends with that program.

/** Of the environment; `1`: stop in order once stdin has ended, which a killed parent's does. */
export const WHILE_STDIN = 'SLUICE_WHILE_STDIN'

/** Resolves once nobody has the other end of stdin any more. */
export async function endOfStdin(): Promise<void> {
  const reader = Bun.stdin.stream().getReader()
  let isOpen = true
  while (isOpen)
    isOpen = await reader.read().then(
      ({ done }) => !done,
      () => false,
    )
}

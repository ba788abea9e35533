// A process that asks whether io_uring is to be had, says so and is gone: a filter of system calls may end
// who asks, and what hangs in the kernel or breaks must not take a gateway with it.
import { probe } from './probe.ts'

/** Runs this process as a probe: a line for each call before it is made, and then one with what was found. */
export function probeProcess(
  _args: readonly string[],
  io: { readonly stdout: (text: string) => void },
): Promise<number> {
  const why = probe((asks) => io.stdout(`${JSON.stringify({ asks })}\n`))
  io.stdout(`${JSON.stringify({ why })}\n`)
  return Promise.resolve(0)
}

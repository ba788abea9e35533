import type { Gateway } from './gateway.ts'
import { sendSignal } from './processes.ts'
import { waitFor } from './wait.ts'

/** What is done while the only worker can do nothing, for at least so long. */
export async function heldUp({ workers }: Gateway, forMs: number, act: () => void): Promise<void> {
  const [worker = -1] = workers
  sendSignal(worker, 'SIGSTOP')
  try {
    act()
    const sinceMs = performance.now()
    await waitFor(() => performance.now() - sinceMs > forMs)
  } finally {
    sendSignal(worker, 'SIGCONT')
  }
}

// dns-01 (RFC 8555 §8.4): the value goes into a TXT record, which a command of the user's sets and clears. It
// is run without a shell, for a while at most, and what it writes goes to the step log.
import { createHash } from 'node:crypto'
import { AcmeProblem, textOf } from './acme-problem.ts'
import type { Asked, Challenger } from './challenger.ts'

export interface DnsHookOptions {
  readonly command: readonly string[]
  readonly timeoutMs: number
  readonly waitMs: number
  /** Where it runs: the folder of the config file. */
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: (step: string) => void
  readonly pause: (ms: number) => Promise<void>
}

type Action = 'present' | 'cleanup'

const OUTPUT_BYTES_MAX = 16_384
/** After its end, what it started may still hold its output open. */
const REST_MS_MAX = 1000
/** Of this program's own start, not for others. */
const NOT_PASSED = ['BUN_BE_BUN', 'BUN_OPTIONS']

/** Settles when no command runs. */
let last: Promise<void> = Promise.resolve()

export class DnsHook implements Challenger {
  readonly type = 'dns-01'
  readonly #options: DnsHookOptions

  constructor(options: DnsHookOptions) {
    this.#options = options
  }

  async present(asked: readonly Asked[]): Promise<void> {
    const { waitMs, pause, log } = this.#options
    for (const one of asked) await this.#run('present', one)
    if (waitMs === 0) return
    log(`waits ${waitMs / 1000} s for the records to be seen everywhere`)
    await pause(waitMs)
  }

  async cleanUp(asked: readonly Asked[]): Promise<void> {
    for (const one of asked) {
      try {
        await this.#run('cleanup', one)
      } catch (error) {
        // The record stays: it does no harm.
        this.#options.log(error instanceof Error ? error.message : String(error))
      }
    }
  }

  /** One at a time, of all certificates: two values of a record, or two edits of a file, must not race. */
  #run(action: Action, asked: Asked): Promise<void> {
    const run = last.then(() => this.#runNow(action, asked))
    last = run.catch(() => {})
    return run
  }

  async #runNow(action: Action, { name, authorization }: Asked): Promise<void> {
    const { command, timeoutMs, folder, env, log } = this.#options
    const [program = ''] = command
    const failed = (why: string): AcmeProblem =>
      new AcmeProblem({ type: 'hook', detail: `${program} (${action} ${name}) ${why}` })
    let child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>
    try {
      child = Bun.spawn([...command], {
        cwd: folder,
        env: { ...passed(env), ...wordsFor(action, name, authorization) },
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
      })
    } catch (error) {
      throw failed(`could not be started: ${textOf(String((error as Error).message))}`)
    }
    const outputs = Promise.all([textFrom(child.stdout), textFrom(child.stderr)])
    const code = await child.exited
    const said = (await Promise.race([outputs, Bun.sleep(REST_MS_MAX).then(() => [])])).join('').trim()
    if (said !== '') log(`${program} (${action}) wrote: ${textOf(said)}`)
    if (child.signalCode === 'SIGKILL') throw failed(`was ended: it took more than ${timeoutMs / 1000} s`)
    if (code !== 0) throw failed(`ended with ${child.signalCode ?? code}`)
    log(`${program} (${action}) is done for ${name}`)
  }
}

function wordsFor(action: Action, name: string, authorization: string): Record<string, string> {
  return {
    ACME_ACTION: action,
    ACME_DOMAIN: name,
    ACME_RECORD: `_acme-challenge.${name}`,
    ACME_VALUE: createHash('sha256').update(authorization).digest('base64url'),
  }
}

const passed = (env: DnsHookOptions['env']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([key, value]) =>
      value === undefined || NOT_PASSED.includes(key) ? [] : [[key, value]],
    ),
  )

/** What it writes, as far as it is kept; the rest is read, so that it does not wait. */
async function textFrom(stream: ReadableStream<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of stream) {
    if (length < OUTPUT_BYTES_MAX) pieces.push(piece)
    length += piece.length
  }
  return Buffer.concat(pieces).subarray(0, OUTPUT_BYTES_MAX).toString('utf8')
}

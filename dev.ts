// npm run dev: the demo from the sources, started again when they change, and the dashboard built again when
// it does. One process group, which Ctrl-C ends.
import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { watchBundle } from './web/bundle.ts'

const ROOT = import.meta.dir
/** Editors save in several steps, and a change of branch touches many files. */
const SETTLED_MS = 200
const COMMAND = [process.execPath, '--no-env-file', join(ROOT, 'server/main.ts'), 'demo']

const env = { ...process.env }
const say = (line: string): void => console.log(`dev: ${line}`)

class Demo {
  #child: Bun.Subprocess | null = null
  #isOver = false
  readonly #over = Promise.withResolvers<number>()

  /** Its exit code, once it ended other than to be started again. */
  get over(): Promise<number> {
    return this.#over.promise
  }

  start(): void {
    const child = Bun.spawn(COMMAND, { stdio: ['ignore', 'inherit', 'inherit'], env })
    this.#child = child
    void child.exited.then((code) => {
      if (this.#child !== child) return
      this.#child = null
      if (this.#isOver || code === 0) this.#over.resolve(code)
      else say('the demo ended; it starts again with the next change')
    })
  }

  async startAgain(): Promise<void> {
    if (this.#isOver) return
    const child = this.#child
    this.#child = null
    child?.kill('SIGTERM')
    await child?.exited
    if (!this.#isOver) this.start()
  }

  stop(): void {
    this.#isOver = true
    if (this.#child === null) this.#over.resolve(0)
    else this.#child.kill('SIGTERM')
  }
}

function onChange(folder: string, changed: () => void): FSWatcher {
  let settled: ReturnType<typeof setTimeout> | undefined
  return watch(join(ROOT, folder), { recursive: true }, () => {
    clearTimeout(settled)
    settled = setTimeout(changed, SETTLED_MS)
  })
}

const demo = new Demo()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => demo.stop())
const stopWatching = await watchBundle((why) =>
  say(why === null ? 'the dashboard is built' : `the dashboard could not be built: ${why}`),
)
// One after the other: a start that is under way is over before the next.
let starts = Promise.resolve()
const watcher = onChange('server', () => {
  starts = starts.then(() => {
    say('server/ changed: the demo starts again')
    return demo.startAgain()
  })
})
demo.start()
const code = await demo.over
watcher.close()
await stopWatching()
process.exit(code)

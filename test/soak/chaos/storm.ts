// What happens in a chaos beside the requests: servers change their moods, workers are killed, the config is
// changed and changed back, another executable takes over. Meanwhile never more is under way than may be.
import { type Gateway, type GatewayEvent, runCommand } from '../../support/gateway.ts'
import { sendSignal } from '../../support/processes.ts'
import type { Random } from '../../support/random.ts'
import { pause, waitFor } from '../../support/wait.ts'
import { metricsOf } from '../gauge.ts'
import type { BackendName, Books } from './books.ts'
import { BACKEND_MAX, LOOSE, SERVER_MAX, type Scene, configOf } from './scene.ts'
import type { ChaosServer } from './servers.ts'

export interface Stage {
  readonly books: Books
  readonly servers: readonly ChaosServer[]
  readonly gateway: Gateway
  readonly scene: Scene
}

export class Storm {
  /** Most that was under way at a server with a limit. */
  mostHeld = 0
  reloads = 0
  upgrades = 0
  /** Words that are not in the config now. */
  readonly #off = new Set<string>()
  readonly #stage: Stage
  readonly #random: Random
  #isOver = false
  #isHandingOver = false
  /** There was one: who is killed from then on would be missed where its counts are compared. */
  #isHandedOver = false
  /** Nobody is to be killed for a moment. */
  #isSparing = false
  #busy = 0

  constructor(stage: Stage, random: Random) {
    this.#stage = stage
    this.#random = random
  }

  /** Until it is over, all at once; then the config is as it was, but in no haste. */
  async rage(seconds: number): Promise<void> {
    const { scene } = this.#stage
    const all = [
      this.#moods(),
      this.#watch(),
      scene.isKilled && this.#kills(),
      scene.isReloaded && this.#reloads(),
    ]
    // In the midst of it: what is under way is handed over in all states.
    const upgraded = scene.isUpgraded && pause(seconds * 400).then(() => this.#upgrade())
    await pause(seconds * 1000)
    await upgraded
    this.#isOver = true
    await Promise.all(all)
    // From now on nothing is to fail: however slow the machine is, nobody is given up.
    await this.#apply(new Set(['haste']))
  }

  async #moods(): Promise<void> {
    while (!this.#isOver) {
      await this.#random.pick(this.#stage.servers.slice(1)).turn()
      await pause(20 + this.#random.below(150))
    }
  }

  async #watch(): Promise<void> {
    const { gateway, books, scene } = this.#stage
    // A limit that is new, or whose words are, lets what is under way go on.
    const isFirm = !scene.isReloaded
    while (!this.#isOver) {
      await pause(20 + this.#random.below(150))
      const now = await metricsOf(gateway).catch(() => null) // it changes hands
      if (now === null) continue
      for (const [name, count] of now.by('backend_in_flight', ['backend']))
        if (count < 0 || (count > BACKEND_MAX && isFirm && name === 'tight'))
          books.wrong('limits', `${count} at ${name}`)
      for (const [name, count] of now.by('backend_adaptive_in_flight', ['backend'])) {
        const isHeld = isFirm && scene[name as BackendName].adaptive === 'enforce'
        if (count > BACKEND_MAX && isHeld) books.wrong('limits', `${count} are waited for at ${name}`)
      }
      for (const [place, count] of now.by('server_in_flight', ['backend', 'server'])) {
        if (count < 0) books.wrong('limits', `${count} at ${place}`)
        if (!place.startsWith('tight')) continue
        this.mostHeld = Math.max(this.mostHeld, count)
        if (count > SERVER_MAX) books.wrong('limits', `${count} at ${place}`)
      }
    }
  }

  /** One at a time: the next one once its replacement serves. */
  async #kills(): Promise<void> {
    while (!this.#isOver) {
      await pause(100 + this.#random.below(800))
      if (this.#isHandedOver) return
      if (this.#isSparing) continue
      await this.#act(() => this.#kill())
    }
  }

  async #kill(): Promise<void> {
    const { gateway, books } = this.#stage
    const before = gateway.events.length
    const pid = await waitFor(() => this.#random.pick(gateway.workers), { what: 'a worker' })
    const kill = { fromMs: Date.now(), untilMs: Infinity }
    books.kills.push(kill)
    sendSignal(pid, 'SIGKILL')
    await waitFor(() => gateway.events.slice(before).some(({ event }) => event === 'worker_replaced'), {
      what: 'another worker',
    })
    kill.untilMs = Date.now()
  }

  /** Something that no handing over comes upon. */
  async #act(deed: () => Promise<void>): Promise<void> {
    this.#busy++
    await deed()
    this.#busy--
  }

  async #reloads(): Promise<void> {
    while (!this.#isOver) {
      await pause(50 + this.#random.below(400))
      if (this.#isHandingOver) continue
      const off = new Set(this.#off)
      const one = this.#random.pick(LOOSE)
      if (!off.delete(one)) off.add(one)
      await this.#act(() => this.#apply(off))
    }
  }

  async #apply(off: ReadonlySet<string>): Promise<void> {
    const { gateway, scene, servers, books } = this.#stage
    const [before, config] = [this.#off, off].map((without) => configOf(scene, servers, without))
    // What says the same is not applied anew.
    if (config === undefined || Bun.deepEquals(before, config)) return
    let said = await gateway.apply(config)
    // A change of which a worker may have died is not made.
    if (JSON.stringify(said).includes('the worker ended') && books.kills.length > 0)
      said = await this.#again()
    if (said.event !== 'applied') books.wrong('reload', JSON.stringify(said))
    this.reloads++
    this.#off.clear()
    for (const one of off) this.#off.add(one)
  }

  /** The same file, once nobody is killed. */
  async #again(): Promise<GatewayEvent> {
    const { gateway } = this.#stage
    this.#isSparing = true
    await this.#noKill()
    const from = gateway.events.length
    gateway.signal('SIGHUP')
    const said = await waitFor(
      () => gateway.events.slice(from).find(({ event }) => event === 'applied' || event === 'rejected'),
      { what: 'applied or rejected' },
    )
    this.#isSparing = false
    return said
  }

  #noKill(): Promise<unknown> {
    const { kills } = this.#stage.books
    return waitFor(() => kills.every(({ untilMs }) => untilMs < Infinity), { what: 'the last kill' })
  }

  /** Nobody is killed and nothing is changed meanwhile; what is under way is finished by the old one. */
  async #upgrade(): Promise<void> {
    const { gateway, books } = this.#stage
    this.#isHandedOver = this.#isHandingOver = true
    await waitFor(() => this.#busy === 0, { what: 'the end of what is under way' })
    const { code, stderr } = await runCommand(['upgrade', '-c', gateway.configFile, '--probation', '0.3'])
    this.#isHandingOver = false
    if (code !== 0) books.wrong('upgrade', stderr)
    else this.upgrades++
  }
}

// An admin API over a config file that is really edited and checked, with nothing that serves it: what is
// applied is what is served.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { routesOf } from '../../server/admin/routes.ts'
import { Shell } from '../../server/admin/shell.ts'
import { parseConfig } from '../../server/config/load.ts'
import type { Served } from '../../server/control/change/apply.ts'
import type { Changed } from '../../server/control/change/changes.ts'
import type { NewText } from '../../server/control/change/check-given.ts'
import { fileChanged, hashOf } from '../../server/control/change/file-part.ts'
import { reviewOf } from '../../server/control/change/review.ts'
import type { KeptText } from '../../server/control/change/revision-book.ts'
import { problemOf } from '../../server/control/problem.ts'
import type { ControlFacts } from '../../server/control/facts.ts'
import type { Revision } from '../../server/control/store/revisions.ts'
import type { Role } from '../../server/control/store/principal.ts'
import type { RuleFacts, RuleFigures } from '../../server/control/history/rule-figures.ts'
import type { ServerHealth } from '../../server/telemetry/server-health.ts'
import { BY_ROLE } from './by-role.ts'
import { controlFacts } from './control-facts.ts'

export interface Told {
  readonly status: number
  readonly headers: Headers
  // oxlint-disable-next-line typescript/no-explicit-any -- documents of many shapes
  readonly body: any
}

export interface Telling {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly role?: Role
  /** False: nobody says what it was made from. */
  readonly isBased?: boolean
}

export class ResourceWorld {
  readonly file: string
  readonly folder = mkdtempSync(join(tmpdir(), 'resources-'))
  /** What came to be served, with who wanted it. */
  readonly applied: NewText[] = []
  /** How servers fare. */
  health: readonly ServerHealth[] = []
  /** How often rules have matched. */
  matches: Readonly<Record<string, number>> = {}
  /** Waited for before a change is made. */
  before: (() => Promise<void>) | null = null
  /** What was served, the newest first. */
  readonly #kept: KeptText[] = []
  #served: Served
  readonly #env: Readonly<Record<string, string>>
  readonly #shell: Shell

  constructor(
    text: string,
    { name = 'sluice.yaml', env = {} }: { name?: string; env?: Record<string, string> } = {},
  ) {
    this.file = join(this.folder, name)
    this.#env = env
    writeFileSync(this.file, text)
    this.#served = this.#servedOf(text, 1)
    this.#keep(null)
    const base = controlFacts({})
    const changes: Pick<ControlFacts['changes'], 'named' | 'check' | 'review' | 'list' | 'read'> = {
      list: (below, most) =>
        Promise.resolve(
          this.#kept.flatMap(({ revision }) => (revision.number < below ? [revision] : [])).slice(0, most),
        ),
      read: (number) =>
        Promise.resolve(this.#kept.find(({ revision }) => revision.number === number) ?? null),
      named: () => Promise.resolve(null),
      // What was tried has been checked: not once more.
      check: () => Promise.reject(new Error('a text was checked that nobody has named')),
      review: ({ name, text, edition: old }, { name: other, text: wanted, edition: now }) =>
        old && now
          ? reviewOf({
              before: { config: old.config, text },
              after: { config: now.config, text: wanted },
              names: [name, other],
              inFlight: () => 0,
            })
          : Promise.resolve(null),
    }
    const facts = controlFacts({
      gateway: { ...base.gateway, file: this.file, served: () => this.#served },
      revision: () => this.#served.revision,
      health: () => ({ ...base.health(), backends: [...this.health] }),
      live: { ...base.live, rules: () => this.#rules() },
      apply: (given) => this.#apply(given),
      changes: changes as ControlFacts['changes'],
    })
    this.#shell = new Shell({ routes: routesOf(facts), facts, authenticator: BY_ROLE })
  }

  get text(): string {
    return readFileSync(this.file, 'utf8')
  }

  /** Somebody edits the file and reloads. */
  serve(text: string, by: string | null = null): void {
    writeFileSync(this.file, text)
    this.#served = this.#servedOf(text, this.#served.revision + 1)
    this.#keep(by)
  }

  #keep(author: string | null): void {
    const { revision: number, edition } = this.#served
    const { hash, text } = edition
    const revision: Revision = {
      ...{ number, last: number, atMs: number * 1000, hash, author, size: text.length },
      ...{
        source: author === null ? 'file' : 'api',
        message: null,
        restores: null,
        state: 'served',
        why: null,
      },
    }
    this.#kept.unshift({ revision, text })
  }

  async ask(
    method: string,
    path: string,
    { body, headers = {}, role = 'admin', isBased = true }: Telling = {},
  ): Promise<Told> {
    const isPatch = method === 'PATCH'
    const request = new Request(`http://127.0.0.1/api/v1${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${role}`,
        Host: '127.0.0.1',
        // Of the pages that BY_ROLE stands for.
        ...(method !== 'GET' && isBased && !('If-Match' in headers) && { 'If-Match': '*' }),
        ...(body !== undefined && {
          'Content-Type': isPatch ? 'application/merge-patch+json' : 'application/json',
        }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const caller = { door: 'tcp', address: '127.0.0.1', uids: [], isSecure: false } as const
    const server = { timeout: () => {} } as unknown as Bun.Server<undefined>
    const answer = await this.#shell.answer({ request, server, caller, host: '127.0.0.1' })
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) }
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #rules(): RuleFigures {
    const matches = (rule: string): number => this.matches[rule] ?? 0
    const of = (rule: string): RuleFacts => ({
      matches: matches(rule),
      last_match: null,
      unmatched_since: null,
      p99_ms: null,
      matches_per_min: 0,
    })
    return { matches, of } as RuleFigures
  }

  #servedOf(text: string, revision: number): Served {
    const loaded = parseConfig(this.file, Buffer.from(text), this.#env)
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
    const { config, hash } = loaded
    const edition = { text, hash, config, from: 'api', by: null, replaces: null } as const
    return { revision, edition, plan: {} as Served['plan'] }
  }

  async #apply(given: NewText): Promise<{ changed: Changed; warnings: string[] }> {
    await this.before?.()
    const { revision, edition } = this.#served
    const found = hashOf(readFileSync(this.file))
    if (!found.startsWith(given.expected ?? edition.hash))
      return {
        changed: { is: 'rejected', revision, problems: [problemOf(fileChanged(this.file, found))] },
        warnings: [],
      }
    const loaded = parseConfig(this.file, Buffer.from(given.text), this.#env)
    if (!loaded.ok) {
      const problems = loaded.problems.map((one) => ({ ...one, file: this.file }))
      return { changed: { is: 'rejected', revision, problems }, warnings: [] }
    }
    // What is known of a text without reading it is what reading it finds.
    if (given.found && !Bun.deepEquals(given.found.config, loaded.config))
      throw new Error('found something else')
    if (given.isDryRun) {
      const { edition: tried } = this.#servedOf(given.text, revision)
      return { changed: { is: 'sound', edition: tried }, warnings: [] }
    }
    this.applied.push(given)
    this.serve(given.text, given.by)
    return { changed: { is: 'applied', revision: revision + 1, hash: loaded.hash }, warnings: [] }
  }
}

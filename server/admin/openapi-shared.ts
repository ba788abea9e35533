// What several operations of the OpenAPI document have in common stands in its components, once: schemas that
// have a title, which is their name there, and refusals by their status.
import { PROBLEMS } from './problem-codes.ts'
import { PROBLEM_TYPE } from './problem.ts'

export type Json = Readonly<Record<string, unknown>>

/** Of a schema: what is no schema itself. */
const VALUES = new Set(['const', 'default', 'enum', 'examples', 'required'])

export class SharedSchemas {
  readonly #byTitle = new Map<string, Json>()

  /** In the order of their names. */
  get all(): Json {
    return Object.fromEntries([...this.#byTitle].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** The same with references to what has a title. Throws where two that differ have the same one. */
  refer(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map((one) => this.refer(one))
    if (typeof schema !== 'object' || schema === null) return schema
    const made = Object.fromEntries(
      Object.entries(schema).map(([key, value]) => [key, VALUES.has(key) ? value : this.refer(value)]),
    )
    const { title, ...rest } = made
    // A property may be called so as well.
    if (typeof title !== 'string') return made
    const known = this.#byTitle.get(title)
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(rest))
      throw new Error(`two schemas have the title ${title}`)
    this.#byTitle.set(title, rest)
    return { $ref: `#/components/schemas/${title}` }
  }
}

/** Refusals that any operation may give, by status. */
export class SharedRefusals {
  readonly #byStatus = new Map<number, Json>()

  get all(): Json {
    const sorted = [...this.#byStatus].toSorted(([a], [b]) => a - b)
    return Object.fromEntries(sorted.map(([status, answer]) => [nameOf(status), answer]))
  }

  refer(status: number, headers: Json): Json {
    const titles = Object.values(PROBLEMS).flatMap((kind) => (kind.status === status ? [kind.title] : []))
    const content = { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } }
    this.#byStatus.set(status, { description: titles.join('; '), headers, content })
    return { $ref: `#/components/responses/${nameOf(status)}` }
  }
}

const nameOf = (status: number): string => `Problem${status}`

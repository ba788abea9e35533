import type { Gateway } from '../support/gateway.ts'

/** The sum of a metric of a gateway over all its labels; 0 where there is none. */
export async function gaugeOf(gateway: Gateway, name: string): Promise<number> {
  return (await metricsOf(gateway)).sum(name)
}

type Labels = Readonly<Record<string, string>>

/** Metrics as they were at one time; names without their prefix. */
export class Samples {
  readonly #all: { readonly name: string; readonly labels: Labels; readonly value: number }[] = []

  constructor(text: string) {
    for (const [, name = '', labels = '', value] of text.matchAll(
      /^lb_(\w+)(?:\{([^\n]*)\})? ([-+.0-9e]+)$/gm,
    ))
      this.#all.push({ name, labels: labelsOf(labels), value: Number(value) })
  }

  /** Of those that have these labels. */
  sum(name: string, labels: Labels = {}): number {
    const isOne = (own: Labels): boolean => Object.entries(labels).every(([key, value]) => own[key] === value)
    return this.#all.reduce((sum, one) => sum + (one.name === name && isOne(one.labels) ? one.value : 0), 0)
  }

  /** By the values of these labels, with spaces between. */
  by(name: string, labels: readonly string[]): Map<string, number> {
    const sums = new Map<string, number>()
    for (const one of this.#all) {
      if (one.name !== name) continue
      const key = labels.map((label) => one.labels[label]).join(' ')
      sums.set(key, (sums.get(key) ?? 0) + one.value)
    }
    return sums
  }
}

const labelsOf = (text: string): Labels =>
  Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]))

export async function metricsOf(gateway: Gateway): Promise<Samples> {
  return new Samples(await (await fetch(`${gateway.admin}/metrics`)).text())
}

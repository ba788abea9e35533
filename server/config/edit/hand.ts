// Writes values as whoever wrote the file would have: each copies what is like it nearby, its models.
import { NO_TEXT, type Plain } from '../spell.ts'
import type { Habits } from './habits.ts'
import type { Piece } from './piece.ts'
import { literalText, quotesOf, scalarText } from './scalar-text.ts'
import { isList } from './values.ts'

/** What a value is like, the likest first. */
export type Models = readonly Piece[]

type Mapped = Readonly<Record<string, Plain>>

/** What has no model in brackets goes into one line up to here. */
const LINE_MAX = 60

export class Hand {
  readonly #text: string
  readonly #habits: Habits

  constructor(text: string, habits: Habits) {
    this.#text = text
    this.#habits = habits
  }

  /** A key as it is written in block or brackets, with its colon. */
  key(key: string): string {
    const isBare =
      !this.#habits.hasQuotedKeys && /^[A-Za-z_][A-Za-z0-9_./-]*$/.test(key) && !NO_TEXT.test(key)
    return `${isBare ? key : JSON.stringify(key)}:`
  }

  /** What stands behind a colon of a key that begins in this column: a blank first, or lines of its own. */
  behindKey(value: Plain, column: number, models: Models): string {
    if (!this.#isBlock(value, models)) return ` ${this.inBrackets(value, column, models, false)}`
    const { step, dashStep, newline } = this.#habits
    const isDashed = isList(value)
    const inner = column + (isDashed ? (this.#dashStep(models, column) ?? dashStep) : step)
    return `${newline}${' '.repeat(inner)}${this.#block(value, inner, models)}`
  }

  /** What stands behind a dash in this column. */
  behindDash(value: Plain, column: number, models: Models, dashWidth = this.#habits.dashWidth): string {
    const gap = ' '.repeat(dashWidth - 1)
    if (!this.#isBlock(value, models)) return `${gap}${this.inBrackets(value, column, models, false)}`
    return `${gap}${this.#block(value, column + dashWidth, models)}`
  }

  /** A scalar, or a map or list in brackets; those of more than one line end in this column. */
  inBrackets(value: Plain, column: number, models: Models, isFlow = true): string {
    if (typeof value !== 'object') return this.#scalar(value, column, { models, isFlow })
    const line = this.#inLine(value, models)
    return this.#isSpread(value, line, models) ? this.#spread(value, column, models) : line
  }

  #scalar(
    value: string | number | boolean,
    column: number,
    { models, isFlow }: { readonly models: Models; readonly isFlow: boolean },
  ): string {
    const { isJson, quote: usual, step, newline } = this.#habits
    const model = models.find(({ is }) => is === 'scalar')
    const written = model === undefined ? '' : this.#text.slice(model.at, model.at + 1)
    if (typeof value === 'string' && !isFlow && !isJson && (written === '|' || !/['"]/.test(written))) {
      const literal = literalText(value, ' '.repeat(column + step), newline)
      if (literal !== null) return literal
    }
    return scalarText(value, { isJson, isFlow, usual, quotes: quotesOf(written) })
  }

  #inLine(value: Plain, models: Models): string {
    if (typeof value !== 'object') return this.#scalar(value, 0, { models, isFlow: true })
    const pad = this.#pad(value, models)
    const { colon, comma } = this.#habits
    if (isList(value)) {
      const inner = itemModels(models)
      const items = value.map((item) => this.#inLine(item, inner))
      return items.length === 0 ? '[]' : `[${pad}${items.join(comma)}${pad}]`
    }
    const entries = Object.entries(value).map(
      ([key, item]) => `${this.key(key).slice(0, -1)}${colon}${this.#inLine(item, keyModels(models, key))}`,
    )
    return entries.length === 0 ? '{}' : `{${pad}${entries.join(comma)}${pad}}`
  }

  /** Each member on a line of its own. */
  #spread(value: Plain, column: number, models: Models): string {
    const { step, newline, colon } = this.#habits
    const inner = column + step
    const lines = isList(value)
      ? value.map((item) => this.inBrackets(item, inner, itemModels(models)))
      : Object.entries(value as Mapped).map(([key, item]) => {
          const written = this.inBrackets(item, inner, keyModels(models, key))
          return `${this.key(key).slice(0, -1)}${colon}${written}`
        })
    const [open, close] = isList(value) ? '[]' : '{}'
    const indent = newline + ' '.repeat(inner)
    return `${open}${indent}${lines.join(`,${indent}`)}${newline}${' '.repeat(column)}${close}`
  }

  #block(value: Plain, column: number, models: Models): string {
    const indent = this.#habits.newline + ' '.repeat(column)
    if (isList(value)) {
      const inner = itemModels(models)
      return value.map((item) => `-${this.behindDash(item, column, inner)}`).join(indent)
    }
    return Object.entries(value as Mapped)
      .map(([key, item]) => this.key(key) + this.behindKey(item, column, keyModels(models, key)))
      .join(indent)
  }

  /** Whether a map or list has lines of its own, without brackets. */
  #isBlock(value: Plain, models: Models): boolean {
    if (typeof value !== 'object' || this.#habits.isJson) return false
    const isListed = isList(value)
    if (isListed ? value.length === 0 : Object.keys(value).length === 0) return false
    const model = models.find(({ is }) => is === (isListed ? 'list' : 'map'))
    if (model !== undefined && model.members.length > 0) return !model.isFlow
    return !isListed || value.some((item) => typeof item === 'object')
  }

  #isSpread(value: Plain, line: string, models: Models): boolean {
    if (line === '[]' || line === '{}') return false
    const model = sameKind(value, models)
    if (model !== undefined) return this.#text.slice(model.at, model.end).includes('\n')
    const items = isList(value) ? value : Object.values(value as Mapped)
    return this.#habits.isSpread && (line.length > LINE_MAX || items.some((item) => typeof item === 'object'))
  }

  #pad(value: Plain, models: Models): string {
    const model = sameKind(value, models)
    if (model !== undefined) return this.#text[model.at + 1] === ' ' ? ' ' : ''
    return isList(value) ? '' : this.#habits.pad
  }

  /** How far the dashes of lists like it stand behind their key. */
  #dashStep(models: Models, column: number): number | null {
    const model = models.find(({ is, isFlow, members }) => is === 'list' && !isFlow && members.length > 0)
    const step = model === undefined ? -1 : indentAt(this.#text, model.at) - column
    return step >= 0 && step <= 8 ? step : null
  }
}

const indentAt = (text: string, at: number): number => at - (text.lastIndexOf('\n', at - 1) + 1)

/** A model in brackets that is not empty. */
const sameKind = (value: Plain, models: Models): Piece | undefined =>
  models.find(
    ({ is, isFlow, members }) => is === (isList(value) ? 'list' : 'map') && isFlow && members.length > 0,
  )

const MODELS_MAX = 8

const itemModels = (models: Models): Models =>
  models
    .filter(({ is }) => is === 'list')
    .flatMap(({ members }) => members.slice(0, 3).map(({ value }) => value))
    .slice(0, MODELS_MAX)

export const keyModels = (models: Models, key: string): Models =>
  models
    .filter(({ is }) => is === 'map')
    .flatMap(({ members }) => members.filter((member) => member.key === key).map(({ value }) => value))
    .slice(0, MODELS_MAX)

// Conditions in a few words, for traces: "path /a", "header X-A: prefix b".
import type { Condition } from './match.options.ts'
import type { TimeConfig } from './time.options.ts'
import type { TlsFactsConfig } from './tls-facts.options.ts'
import { patternText } from './value-pattern.ts'
import type { ValueWords } from './value.options.ts'

/** Hosts or paths. */
export const patternTexts = (patterns: Condition['path']): string[] =>
  patterns.map((one) => (typeof one === 'string' ? one : patternText(one)))

/** One text for each thing that is asked. Values are shown as they are written: secrets are not for here. */
export function conditionTexts(words: Partial<Condition>): string[] {
  const { host = [], path = [], method = [], client = [], scheme, tls, time, all = [], any = [], not } = words
  const { jwt, claims = {} } = words
  const { country = [], continent = [], asn = [] } = words
  const lists = [
    ['host', patternTexts(host)],
    ['path', patternTexts(path)],
    ['method', method],
    ['client', client],
    ['country', country],
    ['continent', continent],
    ['AS', asn.map(String)],
  ] as const
  return [
    ...lists.flatMap(([name, texts]) => (texts.length === 0 ? [] : [`${name} ${texts.join(' or ')}`])),
    ...(scheme === undefined ? [] : [`scheme ${scheme}`]),
    ...(tls === undefined ? [] : [`TLS ${tlsText(tls)}`]),
    ...(time === undefined ? [] : [timeText(time)]),
    ...(jwt === undefined ? [] : [`a token of ${jwt}`]),
    ...Object.entries(claims).map(([name, one]) => `claim ${name}: ${patternText(one)}`),
    ...(['header', 'query', 'cookie'] as const).flatMap((part) =>
      Object.entries(words[part] ?? {}).map(([name, one]) => `${part} ${name}: ${patternText(one)}`),
    ),
    ...all.map((one) => `(${conditionTexts(one).join(' and ')})`),
    ...(any.length === 0 ? [] : [`(${any.map((one) => conditionTexts(one).join(' and ')).join(' or ')})`]),
    ...(not === undefined ? [] : [`not (${conditionTexts(not).join(' and ')})`]),
  ]
}

export function tlsText({ version, cipher, client_certificate: certificate }: TlsFactsConfig): string {
  const named = (name: string, words: string | ValueWords | undefined): string[] =>
    words === undefined ? [] : [`${name} ${patternText(words)}`]
  return [
    ...(version.length === 0 ? [] : [version.join(' or ')]),
    ...named('cipher', cipher),
    ...(certificate === undefined
      ? []
      : typeof certificate === 'string'
        ? [`certificate ${certificate}`]
        : Object.entries(certificate).flatMap(([name, words]) => named(`certificate's ${name}`, words))),
  ].join(', ')
}

const timeText = ({ days, from = '00:00', to = '24:00', zone }: TimeConfig): string =>
  `${[...days, `${from} to ${to}`, zone].join(' ')}`

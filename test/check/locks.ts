// npm and bun must install the same things: both lock files name the same packages, and neither names a
// registry.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Breach, ROOT } from './sources.ts'

interface NpmPackage {
  /** Of one that stands in for another. */
  readonly name?: string
  readonly version?: string
  readonly resolved?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
interface NpmLock {
  readonly packages: Readonly<Record<string, NpmPackage>>
}
interface BunLock {
  readonly packages: Readonly<Record<string, readonly [string, ...unknown[]]>>
}
interface Package {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** Where package.json, package-lock.json and bun.lock disagree. */
export function checkLocks(): Breach[] {
  const npmText = read('package-lock.json')
  const bunText = read('bun.lock')
  const npmLock = JSON.parse(npmText) as NpmLock
  const npm = namesOfNpm(npmLock)
  // bun.lock is JSON with trailing commas.
  const bun = namesOfBun(JSON.parse(bunText.replace(/,(\s*[}\]])/g, '$1')) as BunLock)
  const manifest = JSON.parse(read('package.json')) as Package
  return [
    ...[...npm].filter((name) => !bun.has(name)).map((name) => `bun.lock lacks ${name}`),
    ...[...bun].filter((name) => !npm.has(name)).map((name) => `package-lock.json lacks ${name}`),
    ...Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).flatMap(
      ([name, version]) => [
        ...(/^\d+\.\d+\.\d+$/.test(version)
          ? []
          : [`package.json: ${name} "${version}" is not an exact version`]),
        ...(npm.has(`${name}@${version}`)
          ? []
          : [`package-lock.json lacks ${name}@${version} of package.json`]),
      ],
    ),
    ...optionalMissing(npmLock),
    ...registriesIn('package-lock.json', npmText),
    ...registriesIn('bun.lock', bunText),
  ]
}

const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8')

function namesOfNpm({ packages }: NpmLock): Set<string> {
  const entries = Object.entries(packages).filter(([path]) => path !== '')
  return new Set(
    entries.map(
      ([path, { name, version }]) =>
        `${name ?? path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`,
    ),
  )
}

const namesOfBun = ({ packages }: BunLock): Set<string> =>
  new Set(Object.values(packages).map(([name]) => name))

/** `npm install` passes over an optional package that it cannot find; `npm ci` then refuses the lock file. */
function optionalMissing({ packages }: NpmLock): Breach[] {
  const there = new Set(
    Object.keys(packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 13)),
  )
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !there.has(name))
      .map((name) => `package-lock.json lacks ${name}, which ${path} names as optional: npm ci refuses it`),
  )
}

function registriesIn(file: string, text: string): Breach[] {
  const match = /"resolved"|https?:\/\/[^"\s]*(?:registry|npm\.)[^"\s]*|\.tgz/.exec(text)
  return match === null ? [] : [`${file} names a registry: ${match[0]}`]
}

// What sockets/socket.ts says, tried on each kind of sockets: the same cases for all.
import { describe } from 'bun:test'
import { testAccepting } from './accepting.ts'
import { testAnnouncedEnds } from './announced-ends.ts'
import { testDialling } from './dialling.ts'
import { testEnding } from './ending.ts'
import { testExhaustion } from './exhaustion.ts'
import { testPouring } from './pouring.ts'
import { testReading } from './reading.ts'
import { testLeaving } from './leaving.ts'
import type { Subject } from './scene.ts'
import { testSharing } from './sharing.ts'
import { testVolume } from './volume.ts'
import { testWriting } from './writing.ts'

export function testConformance(subject: Subject): void {
  describe(`${subject.name}: reading`, () => testReading(subject))
  describe(`${subject.name}: writing`, () => testWriting(subject))
  describe(`${subject.name}: ends`, () => testEnding(subject))
  describe(`${subject.name}: announced ends`, () => testAnnouncedEnds(subject))
  describe(`${subject.name}: dialling`, () => testDialling(subject))
  describe(`${subject.name}: accepting`, () => testAccepting(subject))
  if (subject.isBun !== true) describe(`${subject.name}: descriptors`, () => testExhaustion(subject))
  if (subject.isBun !== true) describe(`${subject.name}: given away`, () => testLeaving(subject))
  describe(`${subject.name}: volume`, () => testVolume(subject))
  describe(`${subject.name}: pouring`, () => testPouring(subject))
  if (subject.isBun !== true) describe(`${subject.name}: sharing`, () => testSharing(subject))
}

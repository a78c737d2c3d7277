import type { Level } from 'pino'
import { createLogger, type LogIds } from '../../src/lib/logger.ts'

export interface LogLine {
  level: string
  msg: string
  [member: string]: unknown
}

/** Whether a line has level warn or above. */
export const isWarning = ({ level }: Pick<LogLine, 'level'>): boolean =>
  ['warn', 'error', 'fatal'].includes(level)

/** The service's logger and the lines it wrote. */
export function recordingLogger(ids?: LogIds, level: Level = 'trace') {
  const written: string[] = []
  const logger = createLogger(level, { write: line => written.push(line) }, ids)
  return {
    logger,
    written,
    lines: () => written.map(line => JSON.parse(line) as LogLine),
  }
}

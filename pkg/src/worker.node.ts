/** The worker of a Node program: hosts the engine. */
import { readFile } from 'node:fs/promises'
import { parentPort } from 'node:worker_threads'
import makeGlue from '#glue'
import { serve } from './host.js'
import { portOf } from './ports.js'

if (parentPort) serve(portOf(parentPort as never), makeGlue, { load: address => readFile(new URL(address)) })

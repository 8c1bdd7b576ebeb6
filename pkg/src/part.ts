/**
 * Parts of the package that are loaded when first needed: in `siyu/sync` files of their own, in a
 * worker's script parts of it.
 */
import { fail } from './errors.js'

/** A part, or `engine-load` if its file is not there. */
export async function part<T>(file: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    throw fail('engine-load', `${file} could not be loaded (${(error as Error)?.message}): serve the files of the package together.`)
  }
}

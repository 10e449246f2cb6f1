/** How many places a page has: arrays by place have pages that are made when they are first written. */
export const pagePlaces = 65_536;

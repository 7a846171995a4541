/** Networks as users write them, outside of Tartan. */
package com.acme;

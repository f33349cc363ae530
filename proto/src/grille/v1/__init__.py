"""The contract between server and client: messages and services generated from the .proto files in this folder."""

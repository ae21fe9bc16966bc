#!/usr/bin/env bash
# Installs the DynamoDB Encryption Client for Python and Java and builds the peers
# around them. run sources it for the commands that it sets.

source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

PEERS_PYTHON=$CACHE/peers-python-$(sum interop/python/requirements.txt)
DDBENC_PYTHON_PEER="$PEERS_PYTHON/bin/python $PWD/interop/python/peer.py"
PEERS_JAVA="$PWD/interop/java/target/peer.jar:$PWD/interop/java/target/lib/*"
DDBENC_JAVA_PEER="java -XX:TieredStopAtLevel=1 -cp $PEERS_JAVA ddbenc.interop.Peer"

install_python_peer() {
	python3 -m venv "$PEERS_PYTHON"
	"$PEERS_PYTHON/bin/pip" install --quiet --disable-pip-version-check -r interop/python/requirements.txt
}

build_java_peer() {
	mvn -B -q -f interop/java/pom.xml package
}

install_peers() {
	once "$(basename "$PEERS_PYTHON")" install_python_peer
	if [ ! -e interop/java/target/peer.jar ] || [ -n "$(find interop/java/src interop/java/pom.xml -newer interop/java/target/peer.jar)" ]; then
		build_java_peer
	fi
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	install_peers
fi
